#include <fmt/format.h>

#include "storage/posix_disk/posix_disk.h"
#include "tools/cli/commands.h"
#include "tools/cli/report.h"
#include "tools/dump/dump.h"

namespace hw::cli {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kName = "log dump";
constexpr std::string_view kHelp =
    R"(Usage: hw log dump [OPTIONS] FILE...

Prints files of a log, one after the other, in the lines of Kafka's kafka-dump-log.sh. The end of
the name says what is in a file:

  .log         record batches, and the records in each; of __cluster_metadata-0 as JSON
  .checkpoint  a snapshot of the metadata, likewise
  .index       offset and position of each entry
  .timeindex   timestamp and offset of each entry
  .snapshot    what the log knew of its producers

A damaged file is printed as far as it can be read; then a sentence says what is wrong, and where.
Reads only; a broker may run meanwhile, and may be just writing the end of its newest segment.
In the examples, data is the data directory of a broker that has a topic orders.

Examples:
  hw log dump data/orders-0/00000000000000000000.log
  hw log dump --no-records data/orders-0/*.log
  hw log dump data/orders-0/*.index data/orders-0/*.timeindex
  hw log dump data/__cluster_metadata-0/*.log
  cp data/__cluster_metadata-0/00000000000000000000.log copied.log
  hw log dump --metadata copied.log
)";

/// Lines to standard output, remarks to standard error.
class StandardOutput final : public dump::DumpOutput {
public:
    void line(std::string_view text) override { fmt::print("{}\n", text); }
    void remark(std::string_view text) override { cli::remark(fmt::format("{}\n", text)); }
};

void add_options(po::options_description& options) {
    options.add_options()("no-records", "print the batches without their records")(
        "metadata", "print the records of a .log as metadata, whatever its folder");
}

ExitCode run(const Arguments& arguments) {
    dump::DumpOptions options;
    options.with_records = !arguments.options.contains("no-records");
    if (arguments.options.contains("metadata")) {
        options.values = dump::ValueFormat::metadata;
    }
    storage::PosixDisk disk(0);
    StandardOutput output;
    Tally tally(kName);
    for (const std::string& file : arguments.operands) {
        if (const auto dumped = dump::dump_file(disk, file, options, output); dumped) {
            tally.succeed();
        } else {
            tally.fail(dumped.error());
        }
    }
    return tally.exit_code();
}

}  // namespace

Command log_dump() {
    return {.name = kName,
            .summary = "print the files of a log, as Kafka's kafka-dump-log.sh does",
            .help = kHelp,
            .operands = {"FILE", 1, Operands::kAny},
            .add_options = add_options,
            .run = run};
}

}  // namespace hw::cli
