import { readdirSync } from 'node:fs'

const files = readdirSync(new URL('../src', import.meta.url), { recursive: true, encoding: 'utf8' })
const sources = files.filter(file => file.endsWith('.ts')).map(file => `src/${file}`)

/** Every test may cover every file of the package; the example is run, not measured. */
export default () => sources
