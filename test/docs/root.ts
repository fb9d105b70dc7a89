import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the project, wherever this file was compiled to. */
export const ROOT = rootAbove(dirname(fileURLToPath(import.meta.url)))

function rootAbove (folder: string): string {
  return existsSync(join(folder, 'package-lock.json')) ? folder : rootAbove(dirname(folder))
}
