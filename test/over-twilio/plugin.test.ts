import './provider.js'
import '../fastify/plugin.test.js'
