import { fromNodeHeaders } from 'better-auth/node'
import express, { type Request, type Response } from 'express'
import { answerBench } from './answer-bench.js'
import { auth, visits } from './better-auth-logins.js'
import { listening } from './express-app.js'

const app = express()
app.get('/bare', vault)
// As in its guide for Express.
app.get('/guarded', async (request, response) => {
  const session = await auth.api.getSession({ headers: fromNodeHeaders(request.headers) })
  if (session === null) response.status(401).json({})
  else vault(request, response)
})
await answerBench(listening(app), {
  bare: visits('/bare', { isComplete: true }),
  guarded: visits('/guarded', { isComplete: true }),
  wrong: visits('/guarded', { isComplete: false })
})

function vault (_request: Request, response: Response): void {
  response.json({ vault: 'gold' })
}
