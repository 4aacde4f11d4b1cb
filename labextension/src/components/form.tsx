/** Helpers for dialogs with fields. */

import * as React from 'react';

import { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';

/**
 * The body of a dialog with fields.
 *
 * @param chosen - The values of its fields.
 */
export abstract class FormBody<T> extends ReactWidget implements Dialog.IBodyWidget<T> {
  constructor(protected chosen: T) {
    super();
    this.addClass('wb-Form');
    letEnterPress(this);
  }

  getValue(): T {
    return this.chosen;
  }
}

/** Let Enter press a button in the body of a dialog: JupyterLab's dialogs use it for their own buttons. */
export function letEnterPress(body: Widget): void {
  const take = (event: KeyboardEvent) => {
    const node = event.target;
    if (
      event.key === 'Enter' &&
      node instanceof Element &&
      body.node.contains(node) &&
      node.matches('button, summary')
    ) {
      event.stopPropagation();
    }
  };
  document.addEventListener('keydown', take, true);
  body.disposed.connect(() => document.removeEventListener('keydown', take, true));
}

/** Validate the fields at first and whenever some come or go: the dialog itself only validates edits. */
export function useValidity(fields: unknown): void {
  React.useEffect(() => {
    document.dispatchEvent(new Event('input'));
  }, [fields]);
}

interface IFieldProps {
  label: string;
  hint?: string;
  children: React.ReactElement<React.InputHTMLAttributes<HTMLElement>>;
}

/** An input with its label above and its description below. */
export function Field({ label, hint, children }: IFieldProps): JSX.Element {
  const id = React.useId();
  return (
    <div className="wb-Field">
      <label htmlFor={id}>{label}</label>
      {React.cloneElement(children, { id, 'aria-describedby': hint ? `${id}hint` : undefined })}
      {hint && (
        <span id={`${id}hint`} className="wb-Muted">
          {hint}
        </span>
      )}
    </div>
  );
}
