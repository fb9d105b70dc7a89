import { toNodeHandler } from 'better-auth/node'
import express from 'express'
import { answerBench } from './answer-bench.js'
import { auth, preparations } from './better-auth-logins.js'
import { listening } from './express-app.js'

const app = express()
// As in its guide for Express.
app.all('/api/auth/*splat', toNodeHandler(auth))
await answerBench(listening(app), preparations)
