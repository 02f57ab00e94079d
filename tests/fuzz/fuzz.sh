#!/usr/bin/env bash
# Runs the fuzz targets under libFuzzer, with the address and undefined behaviour sanitizers. Needs clang (apt: clang-14, or clang).
#
#   fuzz.sh BUILD_FOLDER [--runs N] [TARGET ...]      default: 100000 runs of every target
#
# What is found is left in BUILD_FOLDER as crash-*, slow-unit-* or oom-*; new inputs go to BUILD_FOLDER/found, never into the corpus.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${1:?fuzz.sh BUILD_FOLDER [--runs N] [TARGET ...]}
shift
runs=100000
if [ "${1:-}" = --runs ]; then
    runs=$2
    shift 2
fi
mkdir -p "$build/found"
cd "$build"
compiler=$(command -v clang++ || command -v clang++-14) || { echo "fuzz.sh: there is no clang" >&2; exit 2; }
flags=(-std=c++20 -O1 -g1 -fno-omit-frame-pointer -ffunction-sections -fdata-sections -fsanitize=address,undefined -fno-sanitize=vptr,alignment
    -fno-sanitize-recover=all -w -I"$root/src" -I"$here" $(pkg-config --cflags eigen3 libpng glib-2.0))

# The readers alone, a heap a folder. What no target reaches (tapes of gradients, under the probes) is missing, and nobody calls it.
heaps=()
heap() { # NAME FILES...: compiled again if one has changed
    local name=$1 file
    shift
    heaps+=("$name.o")
    for file in "$@"; do echo "#include \"$file\""; done > "$name.cpp.new"
    local changed=""
    if [ -f "$name.o" ]; then changed=$(find "$@" -newer "$name.o"; find "$root/src" -name '*.hpp' -newer "$name.o"); fi
    if [ -f "$name.o" ] && cmp -s "$name.cpp" "$name.cpp.new" && [ -z "$changed" ]; then return; fi
    mv "$name.cpp.new" "$name.cpp"
    echo "compiling $name"
    "$compiler" "${flags[@]}" -fsanitize=fuzzer-no-link -c "$name.cpp" -o "$name.o"
}
heap base "$root"/src/base/*.cpp
heap io "$root"/src/io/*.cpp
heap image "$root"/src/image/{load_image,decode_exif,decode_jpeg,decode_png,decode_webp,image,scene,scene_json,color}.cpp
heap animation "$root"/src/image/animation{,_gif,_png,_webp}.cpp
heap draw "$root"/src/image/scene_draw.cpp
heap thing "$root"/src/image/thing.cpp
heap outline "$root"/src/image/outline.cpp
heap samples "$root"/src/image/{background,samples,sample_*}.cpp
heap tensor "$root"/src/tensor/{tensor,storage}.cpp
heap trace "$root"/src/trace/*.cpp
heap params "$root"/src/params/*.cpp
heap run "$root"/src/run/{session,run_request,named_files}.cpp "$root"/src/model/card.cpp
heap trace_file "$root"/src/run/trace_file.cpp
heap checkpoint "$root"/src/checkpoint/{added_tokens,byte_level,description,normalizer,normalizer_precompiled,pattern,pattern_syntax,post_processor,pre_tokenizer,token_decoder,token_model_bpe,token_model_unigram,token_model_wordpiece,token_table,token_trie,tokenizer_json,tokenizer_pipeline,unicode_class}.cpp
heap dictionary "$root"/src/train/dictionary.cpp "$root"/src/model/bpe.cpp
heap train "$root"/src/train/{idx,translation_data,data_source,training_file}.cpp
heap registry "$here"/small_registry.cpp

status=0
if [ $# -eq 0 ]; then
    for source in "$here"/*.cpp; do set -- "$@" "$(basename "$source" .cpp)"; done
fi
for target in "$@"; do
    case $target in replay | small_registry | origin | checkpoint_config) continue ;; esac # they need views and fonts, or whole designs: replay.cpp runs them
    "$compiler" "${flags[@]}" -fsanitize=fuzzer "$here/$target.cpp" "${heaps[@]}" -o "fuzz_$target" \
        -no-pie -Wl,--gc-sections -Wl,--unresolved-symbols=ignore-all -lfmt -lglib-2.0 -lutf8proc -lpcre2-8 -lzip -lz -lpng -ljpeg -lwebp -lwebpdemux -lgif -lpthread
    mkdir -p "found/$target"
    # 64 KB are more than any reader needs to lose its way; 2 GB and 5 s of a watched program are a finding.
    if ! ./"fuzz_$target" "found/$target" "$here/corpus/$target" -runs="$runs" -max_len=65536 -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
        > "$target.log" 2>&1; then
        echo "$target: see $build/$target.log" >&2
        status=1
    fi
    echo "$target: $(grep -o 'number_of_executed_units: *[0-9]*' "$target.log" | grep -o '[0-9]*$' || echo 0) runs"
done
exit $status
