import { ownOnly } from '../../own-property.js'
import { html, type Html } from '../html.js'
import type { CodeProblem } from '../page.js'
import type { Speech } from '../speech.js'

/** A message that the user has to see first. */
export function alert (text: string, id = 'error'): Html {
  return html`<p class="alert" role="alert" id="${id}">${text}</p>`
}

/** What is wrong with a code of an app. */
function codeProblemText (speech: Speech, problem: CodeProblem, lengths: readonly number[]): string {
  const { words, duration, either } = speech
  if (problem.is === 'denied') return words.code.denied
  if (problem.is === 'malformed') return words.code.malformed(either(lengths))
  const time = duration(Math.abs(problem.off))
  return problem.off > 0 ? words.code.ahead(time) : words.code.behind(time)
}

/** How a field for a code is shown. */
export interface CodeFieldOptions {
  readonly problem: CodeProblem | null
  /** Whether the user begins there. */
  readonly isFirst: boolean
  /** The ids of further texts that belong to the field. */
  readonly also?: string
}

/** The field for a code of an app, with its error beside it. */
export function codeField (
  speech: Speech, lengths: readonly number[], options: CodeFieldOptions
): Html {
  const { problem, isFirst, also } = ownOnly(options)
  const { words, either } = speech
  const describedBy = ['hint', problem !== null && 'error', also].filter(id => typeof id === 'string').join(' ')
  return html`<div class="field">
<label for="code">${words.code.label}</label>
<p class="hint" id="hint">${words.code.hint(either(lengths))}</p>
${problem !== null && alert(codeProblemText(speech, problem, lengths))}
<input class="code" id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" autocapitalize="off" autocorrect="off" spellcheck="false" translate="no" dir="ltr" required${isFirst && html` autofocus`} aria-describedby="${describedBy}"${problem !== null && html` aria-invalid="true"`}>
</div>`
}

/** The field for a recovery code, with its error beside it. */
export function recoveryCodeField ({ words }: Speech, error: string | null, isFirst: boolean): Html {
  return html`<div class="field">
<label for="code">${words.recoveryCode.label}</label>
<p class="hint" id="hint">${words.recoveryCode.hint}</p>
${error !== null && alert(error)}
<input class="recovery-code" id="code" name="code" type="text" autocomplete="off" autocapitalize="characters" autocorrect="off" spellcheck="false" translate="no" dir="ltr" required${isFirst && html` autofocus`} aria-describedby="hint${error !== null && ' error'}"${error !== null && html` aria-invalid="true"`}>
</div>`
}

/** A field for the name of an app. */
export interface NameField {
  readonly id: string
  readonly label: string
  readonly hint?: string
  readonly value: string
  readonly error: string | null
}

/** The field for an app's name, with its error beside it. */
export function nameField (field: NameField): Html {
  const { id, label, hint, value, error } = ownOnly(field)
  const describedBy = [hint !== undefined && `${id}-hint`, error !== null && `${id}-error`].filter(id => id !== false)
  return html`<div class="field">
<label for="${id}">${label}</label>
${hint !== undefined && html`<p class="hint" id="${id}-hint">${hint}</p>`}
${error !== null && alert(error, `${id}-error`)}
<input id="${id}" name="friendlyName" type="text" value="${value}" maxlength="64" autocomplete="off" dir="auto"${describedBy.length > 0 && html` aria-describedby="${describedBy.join(' ')}"`}${error !== null && html` aria-invalid="true" autofocus`}>
</div>`
}

/** A button that copies the text of an element. The script shows it. */
export function copyButton ({ words }: Speech, label: string, of: string): Html {
  return html`<button type="button" class="quiet scripted" data-copy="${of}" data-done="${words.frame.copied}">${label}</button>`
}

/** A text with the time left in it. The script counts it down, and frees the fields in the end. */
export function countdown (text: Html, waited: string): Html {
  return html`<p class="wait" id="wait" data-done="${waited}">${text}</p>`
}

/** The time left within a countdown. */
export function timeLeft ({ duration }: Speech, seconds: number): Html {
  return html`<time data-left="${seconds}">${duration(seconds)}</time>`
}
