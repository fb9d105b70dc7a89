import './provider.js'
import '../events.test.js'
