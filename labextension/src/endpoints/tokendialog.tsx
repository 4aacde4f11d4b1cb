/** The dialog that shows a new token, once. */

import { Clipboard, Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { IEndpoint } from '../api/servingtypes';
import { letEnterPress } from '../components/form';
import { curl, python } from './snippets';

/** Show a token until the dialog closes; the page keeps no copy. */
export async function showToken(
  endpoint: IEndpoint,
  made: { label: string; token: string },
  trans: TranslationBundle
): Promise<void> {
  const body = new Widget();
  body.addClass('wb-NewToken');
  letEnterPress(body);
  const words = document.createElement('p');
  words.textContent = trans.__(
    'It is shown this once. The endpoint knows only its digest; a copy lies below .workbench/tokens on the server, readable by you alone.'
  );
  const field = document.createElement('input');
  field.className = 'jp-mod-styled';
  field.readOnly = true;
  field.autocomplete = 'off';
  field.value = made.token;
  field.setAttribute('aria-label', trans.__('Token %1', made.label));
  field.onfocus = () => field.select();
  const buttons = document.createElement('div');
  buttons.className = 'wb-Buttons wb-mod-left';
  const said = document.createElement('span');
  said.className = 'wb-Muted';
  said.setAttribute('role', 'status');
  const copies: [string, () => string][] = [
    [trans.__('Copy'), () => made.token],
    [trans.__('Copy curl'), () => curl(endpoint, made.token)],
    [trans.__('Copy Python'), () => python(endpoint, made.token)]
  ];
  for (const [label, text] of copies) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'jp-mod-styled';
    button.textContent = label;
    button.onclick = () => {
      Clipboard.copyToSystem(text());
      said.textContent = trans.__('Copied.');
    };
    buttons.append(button);
  }
  buttons.append(said);
  body.node.append(words, field, buttons);
  await showDialog({
    title: trans.__('Token %1', made.label),
    body,
    buttons: [Dialog.okButton({ label: trans.__('Done') })],
    focusNodeSelector: 'input'
  });
  field.value = '';
}
