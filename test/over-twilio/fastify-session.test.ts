import './provider.js'
import '../sessions/fastify-session.test.js'
