import './provider.js'
import '../swagger.test.js'
