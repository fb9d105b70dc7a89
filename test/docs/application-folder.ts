import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { ROOT } from '../root.js'

/** A folder outside the project, as of a team that has installed the package, and these of ours. */
export function applicationFolder (t: Test, packages: readonly string[]): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'application-')))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  linkPackages(folder, join(ROOT, 'node_modules'), packages)
  symlinkSync(ROOT, join(folder, 'node_modules', 'fastify-verify-totp'))
  return folder
}

/** Links packages of a `node_modules` into that of a folder. */
export function linkPackages (folder: string, from: string, names: readonly string[]): void {
  for (const name of names) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(from, name), link)
  }
}

/** Copies packages of a `node_modules` into that of a folder: linked ones would find other peers there. */
export function copyPackages (folder: string, from: string, names: readonly string[]): void {
  for (const name of names) {
    cpSync(join(from, name), join(folder, 'node_modules', name), { recursive: true, dereference: true })
  }
}

/** The names of the packages in a `node_modules`. */
export function packagesIn (modules: string): string[] {
  return readdirSync(modules).filter(name => !name.startsWith('.')).flatMap(name =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map(part => `${name}/${part}`) : [name])
}
