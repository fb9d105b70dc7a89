import './provider.js'
import '../fastify/guard.test.js'
