using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Cli.Input;

/// <summary>Opens files and picks objects; all failures become one line for people.</summary>
internal static class ObjectSelection
{
    /// <summary>Maps a file, or what is in it when it is packed.</summary>
    public static FileBytes OpenFile(string path)
    {
        if (Directory.Exists(path))
        {
            throw new CommandException($"{path}: is a folder, not a file");
        }

        try
        {
            return PackedFile.Unpack(path, MappedFileBytes.Open(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandException($"{path}: cannot be opened: no such file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new CommandException($"{path}: cannot be opened: {e.Message}");
        }
    }

    /// <summary>All objects of a file; the caller disposes each.</summary>
    public static IReadOnlyList<IObjectFile> OpenAll(string path, FileBytes file)
    {
        if (file.Length == 0)
        {
            throw new CommandException($"{path}: is empty");
        }

        try
        {
            return ObjectFormats.Open(file);
        }
        catch (MalformedFileException e)
        {
            throw new CommandException(FileProblem.Describe(path, e));
        }
    }

    /// <summary>The object of an architecture, or the first one; the caller disposes it.</summary>
    public static IObjectFile Open(string path, FileBytes file, string? arch, Terminal terminal)
    {
        var objects = OpenAll(path, file);
        var chosen = Choose(path, objects, arch, terminal);
        foreach (var other in objects)
        {
            if (!ReferenceEquals(other, chosen))
            {
                other.Dispose();
            }
        }

        return chosen;
    }

    /// <summary>True when an object is meant by an architecture name: the same, or of the same family.</summary>
    public static bool Matches(IObjectFile candidate, Arch arch) =>
        candidate.Arch == arch || candidate.Arch.Family() == arch.Family();

    public static Arch ParseArch(string name)
    {
        var arch = ArchNames.Parse(name);
        return arch == Arch.Unknown ? throw new CommandException($"'{name}' is not an architecture; examples: x86_64, x86, arm64, armv7") : arch;
    }

    private static IObjectFile Choose(string path, IReadOnlyList<IObjectFile> objects, string? arch, Terminal terminal)
    {
        if (objects.Count == 0)
        {
            throw new CommandException($"{path}: contains no object");
        }

        if (arch is null)
        {
            if (objects.Count > 1)
            {
                terminal.Error.WriteLine(
                    $"symbolicator: {path}: contains {objects.Count} objects ({Archs(objects)}), taking the first; choose with --arch");
            }

            return objects[0];
        }

        var wanted = ParseArch(arch);
        return objects.FirstOrDefault(candidate => candidate.Arch == wanted)
            ?? objects.FirstOrDefault(candidate => Matches(candidate, wanted))
            ?? throw new CommandException($"{path}: has no object for {wanted.Name()}; it contains {Archs(objects)}");
    }

    private static string Archs(IReadOnlyList<IObjectFile> objects) => string.Join(", ", objects.Select(o => o.Arch.Name()));
}
