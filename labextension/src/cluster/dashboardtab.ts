/** A dashboard of another project in a tab: waits until it is up, or shows why it is not. */

import { IFrame } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import { PanelLayout, Widget } from '@lumino/widgets';

import { WorkbenchApi } from '../api/client';

/** Which pages: `mlflow`, `ray` or `optuna-…`, and where in them. */
export interface IDashboard {
  name: string;
  title: string;
  path: string;
}

export class DashboardTab extends Widget {
  constructor(
    readonly dashboard: IDashboard,
    private readonly api: WorkbenchApi,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('wb-Dashboard');
    const layout = new PanelLayout();
    this.layout = layout;
    layout.addWidget(this.message);
    this.message.addClass('wb-Empty');
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.openWhenSeen();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.openWhenSeen();
  }

  /** Hidden dashboards load later: after a reload they would take the connections that the panel needs. */
  private openWhenSeen(): void {
    if (this.isVisible && !this.isOpen) {
      void this.open();
    }
  }

  /** Go to another page of the same dashboard. */
  go(path: string): void {
    this.dashboard.path = path;
    void this.open();
  }

  private async open(): Promise<void> {
    this.isOpen = true;
    const mine = ++this.turn;
    const { name, title, path } = this.dashboard;
    this.message.node.replaceChildren(spinner(), this.trans.__('Opening %1…', title));
    this.message.removeClass('wb-mod-error');
    this.message.show();
    this.frame?.dispose();
    try {
      await this.api.dashboardIsUp(name, path.split('#')[0]);
    } catch (error) {
      if (mine === this.turn) {
        this.tell((error as Error).message);
      }
      return;
    }
    if (this.isDisposed || mine !== this.turn) {
      return; // It was closed meanwhile, or sent elsewhere.
    }
    this.message.hide();
    const frame = new IFrame({
      // The user's own server serves these pages: their scripts may run and send it requests.
      sandbox: ['allow-scripts', 'allow-same-origin', 'allow-forms', 'allow-popups', 'allow-downloads', 'allow-modals']
    });
    frame.url = this.api.dashboardUrl(name, path);
    frame.node.querySelector('iframe')?.setAttribute('title', title);
    (this.layout as PanelLayout).addWidget(frame);
    this.frame = frame;
  }

  private tell(text: string): void {
    const words = document.createElement('p');
    words.textContent = text;
    const again = document.createElement('button');
    again.className = 'jp-mod-styled';
    again.textContent = this.trans.__('Try again');
    again.onclick = () => void this.open();
    this.message.node.replaceChildren(words, again);
    this.message.addClass('wb-mod-error');
  }

  private readonly message = new Widget();
  private frame: IFrame | null = null;
  private isOpen = false;
  private turn = 0;
}

function spinner(): HTMLElement {
  const node = document.createElement('span');
  node.className = 'wb-Spinner';
  return node;
}
