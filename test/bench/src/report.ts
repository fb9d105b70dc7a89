import { readFileSync, writeFileSync } from 'node:fs'
import type { Machine } from './machine.js'
import type { Outcome } from './rounds.js'

/** The outcomes of one run, or of several runs on one version of Node.js. */
export interface Report {
  readonly machine: Machine
  readonly outcomes: readonly Outcome[]
}

/** Keeps a report as JSON. */
export function writeReport (file: string, report: Report): void {
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
}

/** Reads reports, one for each version of Node.js. Of a row that two files have, the later file counts. */
export function readReports (files: readonly string[]): Report[] {
  const byVersion = new Map<string, Report>()
  for (const file of files) {
    const { machine, outcomes }: Report = JSON.parse(readFileSync(file, 'utf8'))
    const earlier = byVersion.get(machine.node)?.outcomes ?? []
    const replaced = new Set(outcomes.map(({ row }) => row.name))
    const kept = earlier.filter(({ row }) => !replaced.has(row.name))
    byVersion.set(machine.node, { machine, outcomes: [...kept, ...outcomes] })
  }
  return [...byVersion.values()]
}
