import './provider.js'
import '../races.test.js'
