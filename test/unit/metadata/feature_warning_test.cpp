#include "broker/metadata/feature_warning.h"

#include <catch2/catch.hpp>

#include "controller/image/features.h"
#include "test/support/log_lines.h"

namespace hw::broker {
namespace {

struct World {
    void see() { warning.on_image(image); }

    test::LogLines log;
    FeatureWarning warning{Logger(log, "metadata")};
    controller::MetadataImage image{"c"};
};

TEST_CASE("feature warning: levels that are not supported are told once, with what is missing",
          "[metadata][features]") {
    World world;
    world.image.set_feature(controller::kMetadataVersionFeature, 30);
    world.image.set_feature(controller::kDurableFeature, 1);
    world.see();
    CHECK(world.log.lines.empty());
    world.image.set_feature("transaction.version", 2);
    world.image.set_feature("share.version", 1);
    world.see();
    world.see();
    REQUIRE(world.log.lines.size() == 1);
    CHECK(world.log.have("share.version 1 works as 0, without share groups"));
    CHECK(world.log.have("transaction.version 2 works as 0, without transactions"));
    CHECK_FALSE(world.log.have("metadata.version"));
}

TEST_CASE("feature warning: it is told again when the features change", "[metadata][features]") {
    World world;
    world.image.set_feature("transaction.version", 2);
    world.see();
    world.image.set_feature("transaction.version", 1);
    world.see();
    CHECK(world.log.lines.size() == 2);
    world.image.set_feature("transaction.version", 0);
    world.see();
    CHECK(world.log.lines.size() == 2);
}

}  // namespace
}  // namespace hw::broker
