/** The access tab of an endpoint: tokens, by label, and limits. */

import * as React from 'react';

import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';

import { ITokenRow } from '../api/servingtypes';
import { Empty } from '../components/common';
import { ago, bytes } from '../components/format';
import { askForLimits } from './limitsform';
import { IEndpointTabProps } from './props';
import { showToken } from './tokendialog';

export function AccessTab(props: IEndpointTabProps): JSX.Element {
  const { endpoint, trans } = props;
  const { rate, max_body, cache, samples } = endpoint.limits;
  return (
    <>
      <div className="wb-Curves-toolbar">
        <button className="jp-mod-styled" onClick={() => void make(props)}>
          {trans.__('New token…')}
        </button>
        <button className="jp-mod-styled" onClick={() => void limit(props)}>
          {trans.__('Limits…')}
        </button>
        <span className="wb-Muted">
          {[
            rate === null ? trans.__('any number of requests') : trans.__('%1 requests per second and token', rate),
            trans.__('%1 each at most', bytes(max_body)),
            cache ? trans._n('%1 answer kept', 'up to %1 answers kept', cache) : trans.__('no answers kept'),
            samples ? trans._n('%1 sample', 'up to %1 samples', samples) : trans.__('no samples')
          ].join(' · ')}
        </span>
      </div>
      {endpoint.tokens.length === 0 ? (
        <Empty>
          {trans.__('This endpoint has no token, so nobody can call it. Create one, and give it to those who may.')}
        </Empty>
      ) : (
        <table className="wb-Table wb-Tokens" aria-label={trans.__('Tokens')}>
          <thead>
            <tr>
              <th scope="col">{trans.__('Token')}</th>
              <th scope="col">{trans.__('Created')}</th>
              <th scope="col">{trans.__('Last used')}</th>
              <th scope="col">
                <span className="wb-Hidden">{trans.__('Actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {endpoint.tokens.map(token => (
              <tr key={token.label}>
                <th scope="row">{token.label}</th>
                <td>{token.created_at === null ? '' : ago(token.created_at)}</td>
                <td>{token.last_used_at === null ? trans.__('never') : ago(token.last_used_at)}</td>
                <td>
                  <button
                    className="wb-Link"
                    aria-label={trans.__('Revoke token %1', token.label)}
                    onClick={() => void revoke(props, token)}
                  >
                    {trans.__('Revoke…')}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

async function make({ endpoint, model, trans, does }: IEndpointTabProps): Promise<void> {
  const answer = await InputDialog.getText({
    title: trans.__('A new token for %1', endpoint.name),
    label: trans.__('Who or what is it for? Letters, digits, -, _ and .'),
    placeholder: trans.__('colleague-1'),
    okLabel: trans.__('Create'),
    required: true,
    pattern: '[A-Za-z0-9][A-Za-z0-9_.\\-]{0,63}'
  });
  const label = answer.value?.trim();
  if (answer.button.accept && label) {
    // The token goes from the answer into the dialog, and is stored nowhere else.
    await does(async () => void showToken(endpoint, await model.api.serving.newToken(endpoint.name, label), trans));
  }
}

async function limit({ endpoint, model, trans, does }: IEndpointTabProps): Promise<void> {
  const changes = await askForLimits(endpoint, trans);
  if (Object.keys(changes).length > 0) {
    await does(() => model.api.serving.setLimits(endpoint.name, changes));
  }
}

async function revoke({ endpoint, model, trans, does }: IEndpointTabProps, token: ITokenRow): Promise<void> {
  const answer = await showDialog({
    title: trans.__('Revoke token %1?', token.label),
    body: trans.__('Requests with it are refused from now on. This cannot be undone.'),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Revoke') })]
  });
  if (answer.button.accept) {
    await does(() => model.api.serving.revokeToken(endpoint.name, token.label));
  }
}
