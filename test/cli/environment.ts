import { EventEmitter } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Surroundings } from '../../src/cli/command.js'

/** What a command believes to be its process. */
export interface Process extends Surroundings {
  /** What it has written so far. */
  readonly written: { readonly stdout: string, readonly stderr: string }
  /** Resolves when it has written to stdout. */
  readonly spoken: Promise<void>
  emit (signal: 'SIGINT' | 'SIGTERM'): void
}

interface Cleanup { after (fn: () => Promise<void>): void }

/** Surroundings in this process, with an environment of their own. */
export function surroundings (env: Record<string, string> = {}, input: readonly string[] = []): Process {
  const signals = new EventEmitter()
  const written = { stdout: '', stderr: '' }
  let speak = () => {}
  const spoken = new Promise<void>(resolve => { speak = resolve })
  return {
    env,
    written,
    spoken,
    stdin: Readable.from(input),
    stdout: { write: text => { written.stdout += text; speak() } },
    stderr: { write: text => { written.stderr += text } },
    once: (signal, listener) => signals.once(signal, listener),
    emit: signal => { signals.emit(signal) }
  }
}

/** A folder that is there as long as the test. */
export async function temporaryFolder (t: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cli-'))
  t.after(async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}
