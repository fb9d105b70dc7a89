import { EventEmitter } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Environment } from '../../src/cli/command.js'

/** The environment of a command that runs in this process. */
export interface TestEnvironment extends Environment {
  /** The output so far. */
  readonly written: { readonly stdout: string, readonly stderr: string }
  /** Resolves when the command has written to stdout. */
  readonly printed: Promise<void>
  emit (signal: 'SIGINT' | 'SIGTERM'): void
}

interface Cleanup { after (fn: () => Promise<void>): void }

/** Creates an environment with these variables and this input. */
export function testEnvironment (
  env: Record<string, string> = {}, input: readonly string[] = []
): TestEnvironment {
  const signals = new EventEmitter()
  const written = { stdout: '', stderr: '' }
  let print = () => {}
  const printed = new Promise<void>(resolve => { print = resolve })
  return {
    env,
    written,
    printed,
    stdin: Readable.from(input),
    stdout: { write: text => { written.stdout += text; print() } },
    stderr: { write: text => { written.stderr += text } },
    once: (signal, listener) => signals.once(signal, listener),
    emit: signal => { signals.emit(signal) }
  }
}

/** A folder that is deleted after the test. */
export async function temporaryFolder (t: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cli-'))
  t.after(async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}
