import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../root.js'
import { times } from '../thoroughness.js'

/** Our own list: texts that break pages whose authors haven't thought of them. */
export const NAUGHTY: readonly string[] = [
  // Markup.
  '<script>hacked=1</script>',
  '</title><script>hacked=1</script>',
  '</h1><img src=x onerror=hacked=1>',
  '"><script>hacked=1</script>',
  '\'><script>hacked=1</script>',
  '" onfocus="hacked=1" autofocus="',
  '\' onmouseover=\'hacked=1',
  '"><svg onload=hacked=1>',
  '<svg><script>hacked=1</script></svg>',
  '<img src="javascript:hacked=1">',
  '<iframe srcdoc="<script>parent.hacked=1</script>">',
  '<details open ontoggle=hacked=1>',
  '<style>*{display:none}</style>',
  '<base href="//evil.example/">',
  '<meta http-equiv="refresh" content="0">',
  '<!-- --><b>bold</b><!--',
  '<plaintext>',
  ']]><![CDATA[<script>hacked=1</script>',
  '<form action=//evil.example><button>',
  '&lt;script&gt;hacked=1&lt;/script&gt;',
  '&amp;&#60;&quot;&nbsp;&bogus;',
  '<',
  '>',
  '"',
  '\'',
  '`',
  '&',
  '</textarea></select></fieldset></form></main></body></html>',
  // Templates.
  '{{7*7}}',
  '$' + '{7*7}',
  '<%= 7*7 %>',
  '#{7*7}',
  '$& $1 $` $\' $$',
  '%s %d %n %x',
  '%3Cscript%3E %00 %0d%0a',
  // Names of properties.
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'undefined',
  'null',
  'NaN',
  '[object Object]',
  // Other languages of machines.
  '\'; DROP TABLE users; --',
  '1 OR 1=1',
  '$(touch /tmp/hacked)',
  '../../../../etc/passwd',
  'javascript:hacked=1',
  'data:text/html,<script>hacked=1</script>',
  '//evil.example/\\evil.example',
  '/\\evil.example',
  'https://evil.example/',
  'a=1&b=2#c?d',
  'Zeile\r\nset-cookie: hacked=1',
  'tab\tbell\u0007escape\u001b[31m',
  '\ue000\ue000',
  // Languages of people.
  '\u202egnol dna ,tfel ot thgiR\u202c',
  '\u2066isolated\u2069 \u200f\u200e\u061c',
  'مرحبا بالعالم',
  'שלום <b>עולם</b>',
  'Z\u0351\u036b\u0343a\u0329l\u0315g\u0321o\u0322\u0334\u0335\u0336\u0337\u0338\u0340\u0341\u0342\u0343\u0344\u0345',
  '👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿🇺🇳',
  '🔒'.repeat(64),
  'W'.repeat(64),
  '\ufdfd'.repeat(64),
  'ﷺ𒐫⸻',
  '社會科學院語學研究所',
  '\u200b\u200c\u200d\ufeff',
  '\u3164',
  '\u2028line\u2029paragraph',
  '   '
]

/**
 * The Big List of Naughty Strings, each one once: https://github.com/minimaxir/big-list-of-naughty-strings at
 * commit db33ec7. Its license is beside it. All of it takes a minute, so a run that
 * isn't thorough tries every tenth text.
 */
export const BIG_LIST: readonly string[] =
  [...new Set(readBigList())].filter((_, index) => index % times(1, 10) === 0)

function readBigList (): readonly string[] {
  const list: unknown = JSON.parse(readFileSync(join(ROOT, 'test', 'pages', 'blns.json'), 'utf8'))
  assert.ok(areTexts(list))
  return list
}

function areTexts (list: unknown): list is readonly string[] {
  return Array.isArray(list) && list.every(each => typeof each === 'string')
}
