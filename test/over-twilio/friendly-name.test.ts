import './provider.js'
import '../http/friendly-name.test.js'
