/** The badges of one notebook: which cells have one, and what each shows. */

import { Cell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { IDisposable } from '@lumino/disposable';
import { PanelLayout } from '@lumino/widgets';

import { IRun, ISnapshot } from '../api/types';
import { WorkbenchModel } from '../model';
import { CellBadge } from './cellbadge';
import { startsRuns } from './magic';

const READ_DELAY_MS = 500;
const MOST_RUNS = 200;
/** The position in a cell's layout: below its input, above its output. */
const PLACE = 2;

export class NotebookBadges implements IDisposable {
  constructor(
    private readonly panel: NotebookPanel,
    private readonly model: WorkbenchModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle
  ) {
    void panel.context.ready.then(() => {
      if (this._isDisposed) {
        return;
      }
      panel.content.model?.cells.changed.connect(this.onCells, this);
      panel.content.model?.contentChanged.connect(this.onCells, this);
      model.runsChanged.connect(this.onRuns, this);
      model.stateChanged.connect(this.readSoon, this);
      this.onCells();
    });
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    window.clearTimeout(this._timer);
    this.panel.content.model?.cells.changed.disconnect(this.onCells, this);
    this.panel.content.model?.contentChanged.disconnect(this.onCells, this);
    this.model.runsChanged.disconnect(this.onRuns, this);
    this.model.stateChanged.disconnect(this.readSoon, this);
    this._badges.forEach(badge => badge.dispose());
    this._badges.clear();
  }

  /** Give each train cell a badge, and no other cell, after cells changed. */
  private onCells(): void {
    const present = new Set<Cell>();
    for (const cell of this.panel.content.widgets) {
      if (cell.model.type === 'code' && startsRuns(cell.model.sharedModel.getSource())) {
        present.add(cell);
      }
    }
    for (const [cell, badge] of this._badges) {
      if (!present.has(cell) || cell.isDisposed) {
        badge.dispose();
        this._badges.delete(cell);
      }
    }
    let isNew = false;
    for (const cell of present) {
      if (!this._badges.has(cell)) {
        isNew = true;
        this.add(cell);
      }
    }
    if (isNew) {
      this.readSoon();
    }
  }

  private add(cell: Cell): void {
    const badge = new CellBadge(this.model, this.commands, this.trans, run => void this.attach(cell, run));
    this._badges.set(cell, badge);
    void cell.ready.then(() => {
      if (!badge.isDisposed && !cell.isDisposed) {
        (cell.layout as PanelLayout).insertWidget(PLACE, badge);
      }
    });
  }

  private onRuns(_: unknown, snapshots: ISnapshot[]): void {
    if (this._badges.size && snapshots.some(snapshot => !this._known.has(snapshot.run_id))) {
      this.readSoon(); // perhaps a cell of this notebook
    }
  }

  private readSoon(): void {
    if (this._timer || this._badges.size === 0) {
      return;
    }
    this._timer = window.setTimeout(() => {
      this._timer = 0;
      void this.read();
    }, READ_DELAY_MS);
  }

  private async read(): Promise<void> {
    try {
      const { runs } = await this.model.api.runs({
        query: '',
        states: [],
        notebook: this.panel.context.path,
        orderBy: '-start',
        limit: MOST_RUNS
      });
      if (this._isDisposed) {
        return;
      }
      runs.forEach(run => this._known.add(run.run_id));
      for (const [cell, badge] of this._badges) {
        badge.run = runs.find(run => run.cell_id === cell.model.id) ?? null;
      }
    } catch {
      // The panel reports a broken store; a missing badge adds nothing to that.
    }
  }

  /** Watch a run below its cell again; its values come back into the kernel with it. */
  private async attach(cell: Cell, run: IRun): Promise<void> {
    const notebook = this.panel.content;
    const kernel = this.panel.sessionContext.session?.kernel;
    await kernel?.requestExecute({ code: '%load_ext workbench', silent: true, store_history: false }).done;
    const index = notebook.widgets.indexOf(cell);
    notebook.activeCellIndex = index;
    notebook.model?.sharedModel.insertCell(index + 1, {
      cell_type: 'code',
      source: `%runs attach ${run.run_id.slice(0, 8)}`
    });
    notebook.activeCellIndex = index + 1;
    await this.commands.execute('notebook:run-cell');
  }

  private _isDisposed = false;
  private _timer = 0;
  private readonly _badges = new Map<Cell, CellBadge>();
  private readonly _known = new Set<string>();
}
