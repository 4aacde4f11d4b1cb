/** The menu of the actions on a model version. */

import { InputDialog, Notification } from '@jupyterlab/apputils';
import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { CommandIDs } from '../commandids';
import { MenuPlace, openMenu } from '../components/openmenu';
import { IVersionRowProps } from './props';
import { CHAMPION, isAlias } from './registry';

/** Open a version's menu below a button, or where the mouse is. */
export function openVersionMenu(props: IVersionRowProps, where: MenuPlace): void {
  const { registered, version, commands: shared, model, does, trans } = props;
  const commands = new CommandRegistry();
  const menu = new Menu({ commands });
  const add = (id: string, label: string, execute: () => unknown, isEnabled = true) => {
    commands.addCommand(id, { label, execute, isEnabled: () => isEnabled });
    menu.addItem({ command: id });
  };
  add('publish', trans.__('Publish…'), () =>
    shared.execute(CommandIDs.publish, { source: `${registered.name}/${version.number}`, name: registered.name })
  );
  menu.addItem({ type: 'separator' });
  add(
    'champion',
    trans.__('Promote to %1', `@${CHAMPION}`),
    () => does(() => model.api.serving.setAlias(registered.name, CHAMPION, version.number)),
    !version.aliases.includes(CHAMPION)
  );
  add('alias', trans.__('Set an Alias…'), () => askForAlias(props));
  menu.addItem({ type: 'separator' });
  add(
    'run',
    trans.__('Open Its Run'),
    () => shared.execute(CommandIDs.openRun, { runId: version.run_id, name: version.run_name ?? '' }),
    !!version.run_id
  );
  add(
    'notebook',
    trans.__('Open Its Notebook as It Was'),
    () => shared.execute(CommandIDs.openNotebook, { runId: version.run_id }),
    !!version.run_id
  );
  openMenu(menu, where);
}

async function askForAlias({ registered, version, model, does, trans }: IVersionRowProps): Promise<void> {
  const answer = await InputDialog.getItem({
    title: trans.__('An alias for %1/%2', registered.name, version.number),
    label: trans.__('An alias of another version moves to this one.'),
    items: [...new Set([CHAMPION, 'challenger', ...Object.keys(registered.aliases)])].filter(
      alias => !version.aliases.includes(alias)
    ),
    editable: true,
    okLabel: trans.__('Set')
  });
  const alias = answer.value?.trim();
  if (!answer.button.accept || !alias) {
    return;
  }
  if (!isAlias(alias)) {
    Notification.error(trans.__('Cannot use %1 as an alias: write letters, digits, - and _; not v1 or latest.', alias));
    return;
  }
  await does(() => model.api.serving.setAlias(registered.name, alias, version.number));
}
