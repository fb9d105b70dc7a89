import './provider.js'
import '../http/cross-site.test.js'
