import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'

/** The least that the rules leave of a guard. */
export interface LeastGuard {
  /** Approves the session that holds this mark. */
  approve (identity: string, mark: string): void
  /** A hook: one read of a store that answers with a promise, one hash, and the comparisons. */
  check (request: FastifyRequest): Promise<void>
}

/** Seconds that an approval lasts. */
const LIFE = 43_200

/** A guard that reads, hashes and compares, and does nothing else. */
export function leastGuard (now: () => number): LeastGuard {
  const approvals = new Map<string, { readonly hash: string, readonly at: number }>()

  async function load (identity: string) {
    return approvals.get(identity)
  }

  return {
    approve (identity, mark) {
      approvals.set(identity, { hash: hashOf(mark), at: now() })
    },

    async check ({ login }) {
      const { identity = '', mark = '' } = login ?? {}
      const approval = await load(identity)
      const approved = approval?.hash === hashOf(mark)
      if (!approved || now() - approval.at > LIFE) throw new Error('not approved')
    }
  }
}

function hashOf (mark: string): string {
  return hash('sha256', mark, 'base64url')
}
