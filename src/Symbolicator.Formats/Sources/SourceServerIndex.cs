using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Symbolicator.Formats.Sources;

/// <summary>How the sources of a <see cref="SourceServerIndex"/> are kept, as far as it matters.</summary>
public enum SourceServerKind : byte
{
    Other,
    Git,
    Perforce,
}

/// <summary>One file of a <see cref="SourceServerIndex"/>. All texts are untrusted.</summary>
/// <param name="Target">What <c>SRCSRVTRG</c> gives: a URL, or a path to extract to; null when it cannot be evaluated.</param>
/// <param name="Command">What <c>SRCSRVCMD</c> gives: the command that extracts the file; never to be run. Null when there is none.</param>
/// <param name="Path">Perforce: the path in the depot, without the slashes in front.</param>
/// <param name="Revision">Perforce: the change.</param>
public sealed record SourceServerFile(string? Target, string? Command, string? Path, string? Revision)
{
    /// <summary>The target when it is a URL.</summary>
    public string? Url => Target is not null
        && (Target.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || Target.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
        ? Target : null;
}

/// <summary>
/// The stream <c>srcsrv</c>: settings, variables, and one line of fields for each source file. Values are evaluated when
/// they are asked for. Case of names and paths does not matter. Immutable, safe to use from several threads.
/// </summary>
public sealed class SourceServerIndex
{
    private const int MostVariables = 4096;
    private const int MostFiles = 1 << 20; // each costs much more memory than its shortest line

    private readonly Dictionary<string, string> _variables = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _files = new(StringComparer.OrdinalIgnoreCase);

    private SourceServerIndex()
    {
    }

    /// <summary>The system as its producer names it (<c>VERCTRL</c> or <c>SRCSRVVERCTRL</c>), null when it does not.</summary>
    public string? VersionControl => _variables.GetValueOrDefault("VERCTRL") ?? _variables.GetValueOrDefault("SRCSRVVERCTRL");

    public SourceServerKind Kind => VersionControl?.Trim() switch
    {
        null => SourceServerKind.Other,
        var name when name.Contains("perforce", StringComparison.OrdinalIgnoreCase) => SourceServerKind.Perforce,
        var name when name.Contains("git", StringComparison.OrdinalIgnoreCase) => SourceServerKind.Git,
        _ => SourceServerKind.Other,
    };

    /// <summary>Source files.</summary>
    public int Count => _files.Count;

    /// <summary>False when there is no section of this kind. Lines that cannot be read are left out.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out SourceServerIndex? index)
    {
        index = new SourceServerIndex();
        var section = Section.None;
        bool found = false;
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)'\n');
            var line = (end < 0 ? text : text[..end]).Trim("\r \t\0"u8);
            text = end < 0 ? default : text[(end + 1)..];
            if (line.StartsWith("SRCSRV:"u8))
            {
                section = SectionOf(line["SRCSRV:".Length..]);
                found |= section != Section.None;
                if (section == Section.End)
                {
                    break;
                }
            }
            else if (!line.IsEmpty)
            {
                index.Add(section, Decode(line));
            }
        }

        index = found ? index : null;
        return found;
    }

    /// <summary>The entry of a path as debug information states it.</summary>
    public bool TryFind(string path, [NotNullWhen(true)] out SourceServerFile? file)
    {
        file = null;
        if (!_files.TryGetValue(path, out string? line))
        {
            return false;
        }

        var values = new SourceServerVariables(_variables, line.Split('*'));
        bool isPerforce = Kind == SourceServerKind.Perforce;
        file = new SourceServerFile(
            values.Evaluate("SRCSRVTRG"),
            values.Evaluate("SRCSRVCMD"),
            isPerforce ? values.Field(3)?.TrimStart('/') : null,
            isPerforce ? values.Field(4) : null);
        return true;
    }

    private static Section SectionOf(ReadOnlySpan<byte> heading)
    {
        string name = Encoding.ASCII.GetString(heading.Trim(" -\t"u8));
        return name.ToUpperInvariant() switch
        {
            "INI" or "VARIABLES" => Section.Variables,
            "SOURCE FILES" => Section.Files,
            "END" => Section.End,
            _ => Section.None,
        };
    }

    /// <summary>UTF-8, or what old tools wrote in the code page of their machine, read as Latin-1.</summary>
    private static string Decode(ReadOnlySpan<byte> line) =>
        System.Text.Unicode.Utf8.IsValid(line) ? Encoding.UTF8.GetString(line) : Encoding.Latin1.GetString(line);

    private void Add(Section section, string line)
    {
        if (section == Section.Files && _files.Count < MostFiles)
        {
            int end = line.IndexOf('*', StringComparison.Ordinal);
            _files.TryAdd(end < 0 ? line : line[..end], line);
        }
        else if (section == Section.Variables && _variables.Count < MostVariables)
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                _variables[line[..equals].Trim()] = line[(equals + 1)..];
            }
        }
    }

    private enum Section : byte
    {
        None,
        Variables,
        Files,
        End,
    }
}
