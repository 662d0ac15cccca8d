// The line in which a filter is written: CodeMirror with the language, completion, and the fault underlined where it is.
import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, completionStatus } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { HighlightStyle, bracketMatching, syntaxHighlighting } from '@codemirror/language';
import { setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { Compartment, EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { FilterFault } from '../api/types';
import { unitsAt } from './compose';
import { completionsOf, kfl, type Knowledge } from './kfl';

const colours = HighlightStyle.define([
  { tag: tags.string, color: 'var(--code-string)' },
  { tag: tags.number, color: 'var(--code-number)' },
  { tag: tags.keyword, color: 'var(--code-keyword)' },
  { tag: tags.operator, color: 'var(--code-operator)' },
  { tag: tags.function(tags.variableName), color: 'var(--code-keyword)' },
  { tag: tags.variableName, color: 'var(--code-name)' },
]);

export interface EditorEvents {
  onChange(text: string): void;
  onAccept(text: string): void;
  onLeave(): void;
  onCompleting(open: boolean): void;
  onOlder(): string | null; // of the history
  onNewer(): string | null;
}

// One line only: a pasted filter of several becomes one.
const oneLine = EditorState.transactionFilter.of((transaction) => {
  if (transaction.newDoc.lines <= 1) return transaction;
  const text = transaction.newDoc.toString().replace(/\s*\n\s*/g, ' ');
  return [{ changes: { from: 0, to: transaction.startState.doc.length, insert: text }, selection: { anchor: text.length } }];
});

export class FilterEditor {
  private readonly view: EditorView;
  private readonly editable = new Compartment();

  constructor(parent: HTMLElement, text: string, knowledge: Knowledge, events: EditorEvents) {
    const recall = (next: () => string | null) => (view: EditorView) => {
      if (completionStatus(view.state) === 'active') return false;
      const found = next();
      if (found !== null) this.set(found);
      return found !== null;
    };
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        doc: text,
        extensions: [
          Prec.highest(
            keymap.of([
              { key: 'Tab', run: acceptCompletion },
              {
                key: 'Enter',
                run: (view) => {
                  if (completionStatus(view.state) === 'active' && acceptCompletion(view)) return true;
                  events.onAccept(view.state.doc.toString());
                  return true;
                },
              },
              { key: 'ArrowUp', run: recall(() => events.onOlder()) },
              { key: 'ArrowDown', run: recall(() => events.onNewer()) },
            ]),
          ),
          keymap.of([
            ...completionKeymap,
            {
              key: 'Escape',
              run: (view) => {
                view.contentDOM.blur();
                events.onLeave();
                return true;
              },
            },
            ...closeBracketsKeymap,
            ...historyKeymap,
            ...defaultKeymap,
          ]),
          history(),
          oneLine,
          kfl,
          syntaxHighlighting(colours),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ override: [completionsOf(knowledge)], icons: false, maxRenderedOptions: 60, interactionDelay: 40 }),
          placeholder('Filter, e.g.  http && status_code >= 500 && dst.namespace == "shop"'),
          EditorView.contentAttributes.of({ 'aria-label': 'Filter', spellcheck: 'false', autocapitalize: 'off', id: 'filter' }),
          EditorView.updateListener.of((update) => {
            const completing = completionStatus(update.state) === 'active';
            if (completing !== (completionStatus(update.startState) === 'active')) events.onCompleting(completing);
            if (update.docChanged) events.onChange(update.state.doc.toString());
          }),
          this.editable.of([]),
        ],
      }),
    });
  }

  set(text: string): void {
    if (text === this.text()) return;
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text }, selection: { anchor: text.length } });
  }
  text(): string {
    return this.view.state.doc.toString();
  }
  focus(): void {
    this.view.focus();
    this.view.dispatch({ selection: { anchor: 0, head: this.view.state.doc.length } });
  }
  showFaults(faults: FilterFault[]): void {
    const text = this.text();
    const diagnostics: Diagnostic[] = faults.map((fault) => {
      const from = Math.min(unitsAt(text, fault.position), text.length);
      const to = Math.min(Math.max(unitsAt(text, fault.position + Math.max(fault.length, 1)), from), text.length);
      const begin = from === to ? Math.max(0, from - 1) : from;
      return { from: begin, to, severity: 'error', message: fault.message };
    });
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics));
  }
  end(): void {
    this.view.destroy();
  }
}
