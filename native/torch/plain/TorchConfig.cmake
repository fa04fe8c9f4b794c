# Stands in for libtorch's own configuration where that one cannot be used: PyTorch's packages with CUDA end with an error
# on a machine without the CUDA toolkit, although nothing of it is needed to use the library. CHRONODE_TORCH_PREFIX is the
# folder that holds include/ and lib/.
set(TORCH_INCLUDE_DIRS ${CHRONODE_TORCH_PREFIX}/include ${CHRONODE_TORCH_PREFIX}/include/torch/csrc/api/include)

set(TORCH_LIBRARIES)
foreach(name torch torch_cpu c10)
  find_library(plain_${name} ${name} PATHS ${CHRONODE_TORCH_PREFIX}/lib NO_DEFAULT_PATH REQUIRED)
  list(APPEND TORCH_LIBRARIES ${plain_${name}})
endforeach()

# Older packages use the C++ library's older string: their own files say so.
set(TORCH_CXX_FLAGS "")
set(own_config ${CHRONODE_TORCH_PREFIX}/share/cmake/Torch/TorchConfig.cmake)
if(EXISTS ${own_config})
  file(STRINGS ${own_config} abi_lines REGEX "_GLIBCXX_USE_CXX11_ABI=[01]")
  string(REGEX MATCH "-D_GLIBCXX_USE_CXX11_ABI=[01]" TORCH_CXX_FLAGS "${abi_lines}")
endif()

add_library(torch INTERFACE)
target_include_directories(torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
if(UNIX AND NOT APPLE)
  # No symbol of libtorch.so itself is used, but it brings in CUDA.
  target_link_options(torch INTERFACE "LINKER:--no-as-needed")
endif()
target_link_libraries(torch INTERFACE ${TORCH_LIBRARIES})
set(TORCH_LIBRARIES torch)
set(Torch_FOUND TRUE)
