import './provider.js'
import '../http/refusals.test.js'
