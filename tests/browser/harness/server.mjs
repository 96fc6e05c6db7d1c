// The real program on a folder and a port of its own. It can be frozen, killed and started again on both.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const program = process.env.PARLOR_BIN;
if (!program) throw new Error('PARLOR_BIN is not set: name the parlor program to test, such as target/debug/parlor');

/** What the tests are told by the environment is not meant for the program. */
const surroundings = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PARLOR_')));

/** Programs that must not outlive this process, whatever happens to it. */
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Server {
  #child = null;
  #folder;
  #settings;
  /** What the program logged last, for the report of a failure. */
  log = [];
  /** Where people find it: http://127.0.0.1:PORT, the same after a restart, or its public address. */
  origin = '';
  /** Where it listens, as 127.0.0.1:PORT. */
  address = '';
  /** The one-time link for the first administrator. */
  setUpLink = '';

  constructor(folder, settings) {
    this.#folder = folder;
    this.#settings = settings;
  }

  /** `settings` are PARLOR_… environment variables of the program. */
  static async start(settings = {}) {
    const server = new Server(await mkdtemp(join(tmpdir(), 'parlor-browser-')), settings);
    await server.#run('127.0.0.1:0');
    return server;
  }

  async #run(listen) {
    const child = spawn(program, ['--data', join(this.#folder, 'data'), '--listen', listen], {
      env: { ...surroundings, ...this.#settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    const logged = createInterface({ input: child.stderr });
    const listening = new Promise((found) => {
      logged.on('line', (line) => {
        this.log = [...this.log, line].slice(-40);
        const address = / listening addr=socket:\/\/(\S+)/u.exec(line)?.[1];
        if (address) found(address);
      });
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const address = /^Chat\s+(http:\S+?)\/?$/u.exec(line)?.[1];
      if (address) this.origin = address;
      const link = /^Set-up\s+(\S+)/u.exec(line)?.[1];
      if (link) this.setUpLink = link;
      if (/^(Set-up|Data)\s/u.test(line) && (link || listen !== '127.0.0.1:0')) break;
    }
    if (this.origin === '') throw new Error(`${program} did not say where it listens:\n${this.log.join('\n')}`);
    child.stdout.resume();
    // Only the log knows it where the printed address is a public one.
    this.address = this.#settings.PARLOR_PUBLIC_URLS ? await listening : new URL(this.origin).host;
  }

  /** As a power cut does it: no farewell. */
  async kill() {
    if (this.#child === null) return;
    const child = this.#child;
    this.#child = null;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async startAgain() {
    await this.#run(this.address);
  }

  /** Connections stay open and nothing answers. */
  freeze() {
    this.#child.kill('SIGSTOP');
  }

  thaw() {
    this.#child.kill('SIGCONT');
  }

  async remove() {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
