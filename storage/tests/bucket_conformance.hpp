#pragma once

/// What every bucket must do, as one GoogleTest suite.
///
///     INFRA_BUCKET_CONFORMANCE(File, ::testing::Values(bucket_case{
///         .name = "file",
///         .make = [] {
///             const auto folder = std::make_shared<temporary_folder>();
///             const auto open = [folder] { return make_file_bucket({.directory = folder->path()}); };
///             return bucket_subject{.object = open(), .another = open, .surroundings = folder};
///         }}));
///
/// A store that is known to fall short says where and why: `.gaps = {{"KeepsKeysApartThatDifferByCase", "it folds case"}}`.

#include "conformance/checksums.hpp"
#include "conformance/conditions.hpp"
#include "conformance/ends.hpp"
#include "conformance/keys.hpp"
#include "conformance/lists.hpp"
#include "conformance/objects.hpp"
#include "conformance/signed.hpp"
#include "conformance/sources.hpp"
#include "conformance/uploads.hpp"

#define INFRA_BUCKET_CONFORMANCE(of, ...)                                                                              \
    INSTANTIATE_TEST_SUITE_P(of, BucketConformance, __VA_ARGS__, bucket_name);                                         \
    INSTANTIATE_TEST_SUITE_P(of, BucketUploads, __VA_ARGS__, bucket_name);                                             \
    INSTANTIATE_TEST_SUITE_P(of, BucketSources, __VA_ARGS__, bucket_name);                                             \
    INSTANTIATE_TEST_SUITE_P(of, BucketEnds, __VA_ARGS__, bucket_name);                                                \
    INSTANTIATE_TEST_SUITE_P(of, BucketSigned, __VA_ARGS__, bucket_name)
