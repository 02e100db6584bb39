/**
 * Engines that speak the OpenAI HTTP API: vLLM, SGLang, llama.cpp and the simulated one. I/O; knows nothing of the dialects
 * that our own clients speak.
 */
@NullMarked
package workers.openai;

import org.jspecify.annotations.NullMarked;
