using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Engine.Tests.Objects;

public sealed class ObjectMatchTests
{
    /// <summary>Build id and the debug id that is cut from it, as the wire format defines it.</summary>
    private const string BuildId = "180a373d6afbabf0eb1f09be1bc45bd796a71085";
    private const string Cut = "3d370a18-fb6a-f0ab-eb1f-09be1bc45bd7";
    private const string Other = "a1b2c3d4-e5f6-0718-293a-4b5c6d7e8f90";

    [Theory]
    [InlineData(FileFormat.Elf, null, null, Other, null, true)] // nothing was asked for by id
    [InlineData(FileFormat.Elf, BuildId, null, Cut, BuildId, true)]
    [InlineData(FileFormat.Elf, BuildId, Other, Cut, BuildId, true)] // the build id is the identity, the rest is cut from it
    [InlineData(FileFormat.Elf, BuildId, Cut + "-1", Cut, BuildId, true)]
    [InlineData(FileFormat.Elf, BuildId, Cut, Cut, null, true)]
    [InlineData(FileFormat.Elf, BuildId, Cut, Other, null, false)]
    [InlineData(FileFormat.Elf, BuildId, null, null, null, false)]
    [InlineData(FileFormat.Elf, "1234", null, Cut, BuildId, false)]
    [InlineData(FileFormat.Breakpad, BuildId, null, Cut, null, true)] // Breakpad files of build ids: only the cut id is in them
    [InlineData(FileFormat.Breakpad, BuildId, null, Other, null, false)]
    [InlineData(FileFormat.Breakpad, BuildId, null, Cut, "5f3c1a2b1c000", false)]
    [InlineData(FileFormat.Breakpad, "5f3c1a2b1c000", null, Cut, null, false)] // nothing to compare
    [InlineData(FileFormat.Breakpad, "180a373d6afbabf0eb1f09be1bc45bd79", null, Cut, null, false)] // half a byte
    [InlineData(FileFormat.Breakpad, "a1b2c3d4e5f60718293a4b5c6d7e8f90", null, Other, null, true)] // Mach-O
    [InlineData(FileFormat.Pdb, null, Other + "-2", Other + "-2", null, true)]
    [InlineData(FileFormat.Pdb, null, Other + "-2", Other + "-3", null, true)]
    [InlineData(FileFormat.Pdb, null, Other + "-2", Other + "-1", null, false)]
    [InlineData(FileFormat.Pe, "5f3c1a2b1c000", Other, Cut, "5f3c1a2b1c000", false)]
    [InlineData(FileFormat.Pe, "5f3c1a2b1c000", Other, null, "5f3c1a2b1c000", true)]
    public void Files_are_used_only_when_they_are_the_ones_asked_for(
        FileFormat format, string? codeId, string? debugId, string? fileDebugId, string? fileCodeId, bool expected)
    {
        var query = new ObjectQuery(ObjectType.Unknown, FileType.ElfDebug, CodeId.Parse(codeId), null, DebugId.Parse(debugId), null);
        using var file = new FakeObjectFile { Format = format, DebugId = DebugId.Parse(fileDebugId), CodeId = CodeId.Parse(fileCodeId) };

        Assert.Equal(expected, ObjectMatch.Matches(query, file));
        Assert.Equal(expected ? 0 : -1, ObjectMatch.Choose([file], query));
    }

    [Theory]
    [InlineData("-3", "-2", 1)]
    [InlineData("-2", "-3", 0)]
    [InlineData("-3", "-4", 0)] // the first of those that are not exact
    [InlineData("-1", "-4", 1)] // an older one is none
    public void Of_the_objects_of_a_file_the_one_of_the_right_age_is_chosen(string first, string second, int expected)
    {
        var query = new ObjectQuery(ObjectType.Pe, FileType.Pdb, null, null, DebugId.Parse(Other + "-2"), null);
        using var one = new FakeObjectFile { Format = FileFormat.Pdb, DebugId = DebugId.Parse(Other + first) };
        using var two = new FakeObjectFile { Format = FileFormat.Pdb, DebugId = DebugId.Parse(Other + second) };

        Assert.Equal(expected, ObjectMatch.Choose([one, two], query));
    }

    [Theory]
    [InlineData(Other + "-2", Other + "-3", null, true)]
    [InlineData(Other + "-2", Other + "-2", null, false)]
    [InlineData(Other + "-2", Cut + "-3", null, false)]
    [InlineData(Other + "-2", Other + "-3", BuildId, false)] // the code id says that it is the one
    [InlineData(Other + "-2", Other + "-3", "1234", true)]
    [InlineData(null, Other + "-3", null, false)]
    public void An_age_differs_where_nothing_but_the_uuid_is_right(string? wanted, string actual, string? codeId, bool expected)
    {
        var query = new ObjectQuery(ObjectType.Pe, FileType.Pe, CodeId.Parse(BuildId), null, DebugId.Parse(wanted), null);

        Assert.Equal(expected, ObjectMatch.IsOfAnotherAge(query, DebugId.Parse(actual), CodeId.Parse(codeId)));
    }
}
