import { fromNodeHeaders } from 'better-auth/node'
import Fastify from 'fastify'
import { answerBench } from './answer-bench.js'
import { auth, preparations } from './better-auth-logins.js'

const app = Fastify()
// As in its guide for Fastify.
app.route({
  method: ['GET', 'POST'],
  url: '/api/auth/*',
  async handler (request, reply) {
    const url = new URL(request.url, `http://${request.headers.host}`)
    const answer = await auth.handler(new Request(url, {
      method: request.method,
      headers: fromNodeHeaders(request.headers),
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) })
    }))
    reply.code(answer.status)
    answer.headers.forEach((value, name) => reply.header(name, value))
    return await reply.send(answer.body === null ? null : await answer.text())
  }
})
await answerBench(app, preparations)
