/**
 * llama.cpp's server: seats that are its slots, warming through its own template, copies through slot files in a shared folder.
 * I/O; knows nothing of who decides what is warmed, copied or loaded.
 */
@NullMarked
package workers.llamacpp;

import org.jspecify.annotations.NullMarked;
