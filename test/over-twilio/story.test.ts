import './provider.js'
import '../story.test.js'
