// The parts of the client as people name them.

export const heading = (page, name) => page.getByRole('heading', { name, exact: true });

export const log = (page) => page.getByRole('log', { name: 'Messages' });

export const box = (page) => page.getByRole('textbox', { name: 'Message', exact: true });

export const chat = (page, title) =>
  page.getByRole('list', { name: 'Your chats' }).getByRole('link', { name: new RegExp(`^${title}\\b`, 'u') });

export const message = (page, text) => log(page).getByRole('article').filter({ hasText: text });

export async function openChat(page, title) {
  await chat(page, title).click();
  await heading(page, title).waitFor();
  await box(page).waitFor();
}

export async function say(page, text) {
  await box(page).fill(text);
  await box(page).press('Enter');
}

/** Brings out the actions of a message with the mouse and takes one. */
export async function act(page, text, action) {
  const one = message(page, text).first();
  await one.hover();
  await one.getByRole('group', { name: 'Message actions' }).getByRole('button', { name: action, exact: true }).click();
}

export async function signIn(page, login, password) {
  await page.getByLabel('E-mail or username').fill(login);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

export async function newChat(page, way) {
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.getByRole('menuitem', { name: way }).click();
}
