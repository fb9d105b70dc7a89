import { postgresCache, redisCache } from './cache.js'
import { challenge } from './challenge.js'
import { enrollment } from './enrollment.js'
import { growth, postgresGrowth } from './growth.js'
import { expressGuard, guard } from './guard.js'
import { guardInProcess } from './guard-in-process.js'
import { guardSize, postgresGuardSize, redisGuardSize } from './guard-size.js'
import { history } from './history.js'
import { imports } from './import.js'
import { expressPost, post } from './post.js'
import { postgresChallenge } from './postgres-challenge.js'
import { postgresGuard } from './postgres-guard.js'
import { redisChallenge } from './redis-challenge.js'
import { redisGuard } from './redis-guard.js'
import type { Row } from './row.js'
import { evenness, judging } from './verify.js'

/** All rows of the table, in its order. */
export const rows: readonly Row[] = [
  judging, evenness, challenge, post, expressPost, guard, expressGuard, guardInProcess, guardSize,
  postgresChallenge, postgresGuard, postgresGuardSize, postgresCache,
  redisChallenge, redisGuard, redisGuardSize, redisCache,
  enrollment, imports, growth, postgresGrowth, history
]
