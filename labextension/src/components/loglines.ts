/** The lines of a log, read in blocks around what is visible. */

import { ISignal, Signal } from '@lumino/signaling';

import { ILogPage } from '../api/types';

const BLOCK = 500;
const MOST_BLOCKS = 40;

export interface ILogLine {
  number: number;
  text: string;
}

export class LogLines {
  constructor(private readonly read: (start: number, count: number) => Promise<ILogPage>) {}

  /** The number of lines, null before the first read. */
  get total(): number | null {
    return this._total;
  }

  /** Why the log cannot be read, or an empty string. */
  get error(): string {
    return this._error;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Return a line by its index, undefined until it was read. */
  line(index: number): ILogLine | undefined {
    return this._blocks.get(Math.floor(index / BLOCK))?.[index % BLOCK];
  }

  /** Read the current length and the lines added at the end. */
  async refresh(): Promise<void> {
    const known = this._total;
    const page = await this.load(known === null ? -BLOCK : Math.floor(known / BLOCK) * BLOCK);
    if (page) {
      this.keep(page);
    }
  }

  /** Load the lines between two indices, both included. */
  want(first: number, last: number): void {
    const lastBlock = Math.min(Math.floor(last / BLOCK), Math.floor(((this._total ?? 1) - 1) / BLOCK));
    for (let block = Math.floor(first / BLOCK); block <= lastBlock; block += 1) {
      if (!this._coming.has(block) && !this.isWhole(block)) {
        this._coming.add(block);
        void this.load(block * BLOCK).then(page => {
          this._coming.delete(block);
          if (page) {
            this.keep(page);
          }
        });
      }
    }
  }

  private isWhole(block: number): boolean {
    const length = Math.min(BLOCK, (this._total ?? 0) - block * BLOCK);
    const lines = this._blocks.get(block);
    return lines !== undefined && lines.filter(line => line !== undefined).length >= length;
  }

  private async load(start: number): Promise<ILogPage | null> {
    try {
      const page = await this.read(start, BLOCK);
      this._error = '';
      return page;
    } catch (error) {
      this._error = (error as Error).message;
      this._changed.emit();
      return null;
    }
  }

  private keep(page: ILogPage): void {
    const isNews = page.total !== this._total || page.lines.length > 0;
    this._total = page.total;
    page.lines.forEach((text, offset) => {
      const index = page.start + offset;
      const block = Math.floor(index / BLOCK);
      const lines = this._blocks.get(block) ?? [];
      lines[index % BLOCK] = { number: page.numbers[offset], text };
      this._blocks.delete(block); // the latest used last
      this._blocks.set(block, lines);
    });
    while (this._blocks.size > MOST_BLOCKS) {
      this._blocks.delete(this._blocks.keys().next().value!);
    }
    if (isNews) {
      this._changed.emit();
    }
  }

  private _total: number | null = null;
  private _error = '';
  private readonly _blocks = new Map<number, ILogLine[]>();
  private readonly _coming = new Set<number>();
  private readonly _changed = new Signal<this, void>(this);
}
