import './provider.js'
import '../http/endpoints.test.js'
