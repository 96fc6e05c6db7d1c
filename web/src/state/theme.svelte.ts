// Light, dark, or as the device says. A class on <html> carries it to the styles.

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'parlor.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const COLORS = { light: '#f2f3f0', dark: '#14181a' };

class ThemeStore {
  choice: Theme = $state(stored());
  #system: 'light' | 'dark' = $state(dark.matches ? 'dark' : 'light');
  readonly shown: 'light' | 'dark' = $derived(this.choice === 'system' ? this.#system : this.choice);

  start(): void {
    dark.addEventListener('change', () => {
      this.#system = dark.matches ? 'dark' : 'light';
      this.#paint();
    });
    this.#paint();
  }

  choose(choice: Theme): void {
    this.choice = choice;
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // Without storage the choice lasts until the page is closed.
    }
    this.#paint();
  }

  #paint(): void {
    const root = document.documentElement;
    root.classList.toggle('dark', this.shown === 'dark');
    root.classList.toggle('light', this.shown === 'light');
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', COLORS[this.shown]);
  }
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

export const theme = new ThemeStore();
