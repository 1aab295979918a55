namespace Symbolicator.Cli.Output;

/// <summary>Writes a file that others may have mapped: beside the target, then renamed over it.</summary>
internal static class PublishedFile
{
    public static T Write<T>(string target, Func<Stream, T> write)
    {
        string temporary = $"{target}.{Path.GetRandomFileName()}.tmp";
        try
        {
            T result;
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite))
            {
                result = write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite: true);
            return result;
        }
        catch (DirectoryNotFoundException)
        {
            throw new CommandException($"{target}: cannot be written: there is no such folder");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{target}: cannot be written: {e.Message}");
        }
        finally
        {
            try
            {
                File.Delete(temporary);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The folder is not there or not ours: nothing was left behind.
            }
        }
    }
}
