import './provider.js'
import '../http/identity.test.js'
