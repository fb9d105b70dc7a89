import './provider.js'
import '../fastify/faults.test.js'
