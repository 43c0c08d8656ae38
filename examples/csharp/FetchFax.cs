// Fetches all received faxes into a folder. Each is deleted from the server only when it is safe on the disk.
//
//     mono FetchFax.exe [FOLDER]

using System;
using System.IO;

static class FetchFax
{
    const int NoneThere = 5;

    static int Main(string[] arguments)
    {
        try
        {
            return Fetch(arguments.Length > 0 ? arguments[0] : ".");
        }
        catch (Exception error)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }

    static int Fetch(string folder)
    {
        var service = Connection.Open();
        long faxId;
        string calledNumber, originator, remoteId;
        DateTime receivedAt;
        int pages, code, fetched = 0;
        byte[] image;
        while ((code = service.RequestReceived(Connection.Account, Connection.Password, out faxId, out calledNumber,
                                               out receivedAt, out originator, out remoteId, out pages, out image)) == 0)
        {
            string path = Path.Combine(folder, "fax-" + faxId + ".tif");
            if (File.Exists(path))
            {
                Console.Error.WriteLine("{0} is there already: name another folder", path);
                return 1;
            }
            Save(path, image);
            int deleted = service.DeleteReceived(Connection.Account, Connection.Password, faxId);
            if (deleted != 0)
            {
                Console.Error.WriteLine("DeleteReceived answered with code {0}", deleted);
                return 1;
            }
            Console.WriteLine("{0}: pages: {1}, from {2} '{3}', received {4:u} on {5}",
                              path, pages, originator, remoteId, receivedAt.ToUniversalTime(), calledNumber);
            fetched++;
        }
        if (code != NoneThere)
        {
            Console.Error.WriteLine("RequestReceived answered with code {0}, see docs/reference/codes.md", code);
            return 1;
        }
        if (fetched == 0)
        {
            Console.WriteLine("no fax is waiting");
        }
        return 0;
    }

    // Writes a file that is whole or not there at all.
    static void Save(string path, byte[] content)
    {
        string unfinished = path + ".part";
        using (var file = new FileStream(unfinished, FileMode.Create))
        {
            file.Write(content, 0, content.Length);
            file.Flush(true);
        }
        File.Move(unfinished, path);
    }
}
