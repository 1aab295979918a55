using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Frames;
using Symbolicator.Engine.Modules;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Symbolication;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Engine.Tests.Trail;

/// <summary>From the address of a frame to the answer: every step is on the trail, and candidates are a view of it.</summary>
public sealed class PipelineTrailTests
{
    private readonly ScriptedStore _store = new();

    [Fact]
    public async Task Every_step_of_a_frame_is_kept_in_order()
    {
        var content = new FakeObjectFile();
        content.Symbols.Add(new FakeSymbol(0x10, 0x10, "f"));
        var identity = new ObjectIdentity(FileFormat.Elf, Arch.Amd64, new DebugId(1, 2, 0), null, null);
        LookupStep[] steps =
        [
            new LookupStep.Answered(AnswerOrigin.Source, ObjectStatus.Found, 200, null),
            new LookupStep.Fetched(100, TimeSpan.FromSeconds(1), 2),
            new LookupStep.Unpacked("gzip", 100, 200, null),
            new LookupStep.Identified(identity, ObjectFeatures.Symbols, Matches: true),
        ];
        _store.Files["mem://app/elf_debug"] = new(ObjectStatus.Found)
        {
            Features = ObjectFeatures.Symbols,
            Content = content,
            Identity = identity,
            Steps = steps,
        };
        _store.Files["mem://app/elf_code"] = new(ObjectStatus.Malformed)
        {
            Detail = "no",
            Steps = [new LookupStep.Parsed(FileFormat.Elf, new ParseFault(MalformedReason.Truncated, 52), "file", 1)],
        };

        var (resolver, frames) = await RunAsync(0x1014, 0x1801);
        await using (resolver)
        {
            var trail = resolver.TrailOf(0);
            var file = Assert.Single(trail.Candidates, candidate => candidate.Status == ObjectStatus.Found);
            var damaged = Assert.Single(trail.Candidates, candidate => candidate.Status == ObjectStatus.Malformed);

            Assert.Equal([FrameStatus.Symbolicated, FrameStatus.MissingSymbol], frames.Select(f => f.Status));
            Assert.Equal(
                [new LookupStep.Asked("s", "mem://app/elf_debug"), .. steps, new LookupStep.Used(ObjectPurpose.Debug, ObjectStatus.Found, null)],
                file.Steps);
            Assert.Equal(52, Assert.IsType<LookupStep.Parsed>(damaged.Steps[^1]).Fault.Offset);
            Assert.Equal(
                [
                    new LookupStep.Matched(0x1014), new LookupStep.LookedUp(0x14, Hit: true),
                    new LookupStep.Matched(0x1801), new LookupStep.LookedUp(0x800, Hit: false),
                ],
                trail.Steps);
            Assert.Equal(trail.Candidates.Select(c => c.Location), CandidateView.Of(trail)!.Select(c => c.Location));
        }
    }

    [Fact]
    public async Task Frames_of_a_module_without_symbols_are_matched_but_not_looked_up()
    {
        var (resolver, _) = await RunAsync(0x1014);
        await using (resolver)
        {
            Assert.Equal([new LookupStep.Matched(0x1014)], resolver.TrailOf(0).Steps);
        }
    }

    [Fact]
    public async Task Many_frames_cost_a_bounded_trail()
    {
        var (resolver, frames) = await RunAsync([.. Enumerable.Repeat(0x1014ul, 1000)]);
        await using (resolver)
        {
            Assert.Equal(1000, frames.Count);
            Assert.Equal(ModuleTrail.MaxSteps, resolver.TrailOf(0).Steps.Count);
            Assert.Equal(1000 - ModuleTrail.MaxSteps, resolver.TrailOf(0).Dropped);
        }
    }

    private async Task<(ModuleResolver Resolver, IReadOnlyList<SymbolicatedFrame> Frames)> RunAsync(params ulong[] addresses)
    {
        var table = new ModuleTable([new ModuleInfo { Type = ObjectType.Elf, DebugFile = "app", ImageAddr = 0x1000, ImageSize = 0x1000 }]);
        var source = new ScriptedSource("s", FileType.ElfCode, FileType.ElfDebug);
        var resolver = new ModuleResolver([.. table.Entries.Select(e => e.Info)], [source], _store, null, CancellationToken.None);
        FrameInfo[] frames = [.. addresses.Select(address => new FrameInfo { InstructionAddr = address })];
        var pipeline = new FramePipeline(new InlineCpuScheduler(), static (_, _) => null);
        var stacks = await pipeline.RunAsync(
            [new ThreadFrames(new StacktraceInput { Frames = frames }, frames)], table, resolver, signal: null, CancellationToken.None);
        return (resolver, stacks[0].Frames);
    }
}
