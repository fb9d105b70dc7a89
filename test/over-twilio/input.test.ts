import './provider.js'
import '../http/input.test.js'
